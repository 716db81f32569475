/** What a shell sources: each asks this program for the candidates, and stays silent whatever happens. */

/** The word by which a shell asks. It is no command: nothing that a person would type. */
export const ASK = '__complete';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const bash = `# breakglass: completion for bash
_breakglass() {
  local line word
  local -a given=()
  # Bash splits --option=value at the equals sign.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == = ]] || given+=("$word")
  done
  [[ \${COMP_WORDS[COMP_CWORD]} == = ]] && given+=("")
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <("\${COMP_WORDS[0]}" ${ASK} "\${given[@]}" 2>/dev/null </dev/null)
}
complete -F _breakglass breakglass
`;

const zsh = `#compdef breakglass
# breakglass: completion for zsh
_breakglass() {
  local line
  local -a lines candidates
  lines=("\${(@f)$("\${words[1]}" ${ASK} "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  for line in $lines; do
    if [[ $line == :files ]]; then
      _files
    else
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( $#candidates )) && _describe breakglass candidates
}
if [[ $funcstack[1] == _breakglass ]]; then
  _breakglass "$@"
else
  compdef _breakglass breakglass
fi
`;

const fish = `# breakglass: completion for fish
function __breakglass_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($before[1] ${ASK} $before[2..-1] "$typed" 2>/dev/null </dev/null)
        if test "$line" = :files
            __fish_complete_path "$typed"
        else
            echo $line
        end
    end
end
complete -c breakglass -f -a '(__breakglass_complete)'
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

/** Where each shell looks for it. */
export const places: Readonly<Record<Shell, string>> = {
  bash: '~/.local/share/bash-completion/completions/breakglass',
  zsh: '~/.zfunc/_breakglass (with fpath+=~/.zfunc before compinit)',
  fish: '~/.config/fish/completions/breakglass.fish',
};
