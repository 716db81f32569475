import { builtinModules } from 'node:module';
import path from 'node:path';
import { importTable } from './importTable.js';

/**
 * The room of a file, by its path below the root; nothing when it lies in none.
 *
 * @param {string} file
 */
function roomOf(file) {
  const folders = file.split('/').slice(0, -1);
  for (let length = folders.length; length > 0; length -= 1) {
    const name = folders.slice(0, length).join('/');
    // An adapter without a row of its own is still a room of its own: adapters do not import each other.
    if (Object.hasOwn(importTable, name) || (length === 2 && folders[0] === 'adapters')) return name;
  }
  return undefined;
}

/** @param {string} room */
const rulesOf = (room) => importTable[room] ?? importTable['adapters'];

/**
 * True when a list of rooms covers one: by its name, or by `core` or `adapters` for all of theirs.
 *
 * @param {readonly string[] | undefined} list
 * @param {string} room
 */
const covers = (list, room) =>
  (list ?? []).some(
    (each) => each === room || (['core', 'adapters'].includes(each) && room.startsWith(`${each}/`)),
  );

/** @param {string} source */
const packageOf = (source) => source.split('/', source.startsWith('@') ? 2 : 1).join('/');

/**
 * Why one import is not allowed, or nothing when it is.
 *
 * @param {{ root: string, file: string, source: string, isType: boolean, names: readonly string[] | '*' }} it
 *   `file` is absolute; `names` are the values imported by name, or `*` for the whole module
 */
function objection({ root, file, source, isType, names }) {
  const room = roomOf(path.relative(root, file).split(path.sep).join('/'));
  if (room === undefined) return 'this file lies in no room of dev/lint/importTable.js';
  const rules = rulesOf(room);
  if (rules === 'anything') return undefined;
  const no = (/** @type {string} */ what) =>
    `${room} may not import ${what}; dev/lint/importTable.js says who may import what`;

  if (source.startsWith('.')) {
    const target = path
      .relative(root, path.resolve(path.dirname(file), source))
      .split(path.sep)
      .join('/');
    const other = roomOf(target);
    if (other === room || covers(rules.rooms, other ?? target)) return undefined;
    if (other !== undefined && covers(rules.types, other))
      return isType ? undefined : no(`${other}, except by import type`);
    return no(other ?? target);
  }
  if (source.startsWith('node:') || builtinModules.includes(source))
    return rules.node === '*' || rules.node?.includes(source) ? undefined : no(source);

  const name = packageOf(source);
  const allowed = Object.hasOwn(rules.packages ?? {}, name) ? rules.packages[name] : undefined;
  if (allowed === undefined) return no(name);
  if (allowed === '*' || isType) return undefined;
  const strangers = names === '*' ? ['*'] : names.filter((each) => !allowed.includes(each));
  return strangers.length === 0 ? undefined : no(`${strangers.join(', ')} from ${name}`);
}

/** @param {any} specifier the name a specifier takes from the module it is imported from */
const nameOf = (specifier) => {
  const node = specifier.imported ?? specifier.local;
  return node.name ?? node.value;
};

/** @param {any} node an import or re-export declaration */
function valuesOf(node) {
  if (node.type === 'ExportAllDeclaration') return '*';
  if (node.specifiers.some((/** @type {any} */ each) => each.type === 'ImportNamespaceSpecifier')) return '*';
  return node.specifiers
    .filter((/** @type {any} */ each) => (each.importKind ?? each.exportKind) !== 'type')
    .map((/** @type {any} */ each) => (each.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(each)));
}

/** Holds the import table, on every way one module reaches another. */
const rooms = {
  meta: { type: 'problem', schema: [], messages: { no: '{{why}}' } },
  create(/** @type {any} */ context) {
    const look = (/** @type {any} */ node, /** @type {any} */ source, isType = false, names = '*') => {
      const literal = typeof source?.value === 'string' ? source.value : undefined;
      const about = { root: context.cwd, file: context.filename, source: literal ?? '', isType, names };
      const room = roomOf(path.relative(context.cwd, context.filename).split(path.sep).join('/'));
      if (literal === undefined && room !== undefined && rulesOf(room) === 'anything') return;
      const why =
        literal === undefined
          ? 'name the module outright: lint cannot follow a computed import'
          : objection(about);
      if (why !== undefined) context.report({ node, messageId: 'no', data: { why } });
    };
    const declaration = (/** @type {any} */ node) => {
      if (node.source == null) return;
      look(node, node.source, (node.importKind ?? node.exportKind) === 'type', valuesOf(node));
    };
    return {
      ImportDeclaration: declaration,
      ExportNamedDeclaration: declaration,
      ExportAllDeclaration: declaration,
      ImportExpression: (/** @type {any} */ node) => look(node, node.source),
      TSImportType: (/** @type {any} */ node) => look(node, node.source ?? node.argument?.literal, true),
      TSImportEqualsDeclaration: (/** @type {any} */ node) =>
        look(node, node.moduleReference.expression, node.importKind === 'type'),
      'CallExpression[callee.name="require"]': (/** @type {any} */ node) => look(node, node.arguments[0]),
    };
  },
};

/** Relative imports carry their file's extension: Node, tsx, esbuild and Temporal's bundler then agree. */
const extensions = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { no: 'write the file name in full: {{source}} has no extension' },
  },
  create(/** @type {any} */ context) {
    const look = (/** @type {any} */ node) => {
      const source = node.source?.value;
      if (typeof source === 'string' && source.startsWith('.') && path.posix.extname(source) === '')
        context.report({ node, messageId: 'no', data: { source } });
    };
    return {
      ImportDeclaration: look,
      ExportNamedDeclaration: look,
      ExportAllDeclaration: look,
      ImportExpression: look,
    };
  },
};

export const house = { meta: { name: 'house' }, rules: { rooms, extensions } };
