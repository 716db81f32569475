import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scriptCommand, startProcess, type Running } from '../processes.ts';
import { webhookPath } from './slackReceiver.ts';

/** A receiver of Slack posts in a process of its own. */
export interface SlackProcess {
  readonly webhookUrl: string;
  readonly messagesUrl: string;
  readonly controlUrl: string;
  /** What arrived, one JSON object a line. */
  readonly file: string;
  readonly process: Running;
  stop(): Promise<void>;
}

/** Starts the stand-in for Slack (see `slackReceiver.ts`) as a child, so that it can be stopped alone. */
export async function startSlackProcess(options: {
  stateFolder: string;
  port: number;
}): Promise<SlackProcess> {
  const { stateFolder, port } = options;
  const file = join(stateFolder, 'slack.jsonl');
  const base = `http://127.0.0.1:${port}`;
  const messagesUrl = `${base}/messages`;
  const script = fileURLToPath(new URL('./slackReceiver.ts', import.meta.url));
  const running = await startProcess({
    name: 'slack-receiver',
    ...scriptCommand(script, ['--port', String(port), '--file', file]),
    stateFolder,
    ready: async () => (await fetch(messagesUrl, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  return {
    webhookUrl: `${base}${webhookPath}`,
    messagesUrl,
    controlUrl: `${base}/control`,
    file,
    process: running,
    stop: () => running.stop(),
  };
}
