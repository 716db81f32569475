/**
 * Documented commands that `npm run prove -- usable/docs` does not type itself, each with who runs it, or why nobody
 * can here. Whatever stands in no row has to be typed there, or that proof falls short; a row that no document has fails
 * a test.
 */
type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** By document and command: the section of the proofs, or the file, that runs it. */
export const runElsewhere: Rows = {
  'README.md': {
    'npm ci && npm start': 'usable/readme',
    'npm start -- --reset': 'usable/readme',
    'npm ci && npm test': '.ci/run',
  },
  'CONTRIBUTING.md': {
    'npm ci': '.ci/run',
    'npm start': 'usable/readme',
    'npm run programs': 'usable/install',
    'npm test': '.ci/run',
    "npm test -- -t 'self-approval'": '.ci/run',
    'npm test -- --project unit': '.ci/run',
    'npm run check': '.ci/run',
    'npm test -- test/workflows/replay.test.ts': '.ci/run',
  },
  'docs/installing.md': {
    'npm start -- --once': 'usable/install',
    'npm start -- --api-port 8080': 'usable/install',
    'npm start -- --reset': 'usable/readme',
    'npm start -- --reset --yes': 'usable/install',
    'BREAKGLASS_STATE=/srv/demo npm start': 'usable/install',
  },
  'docs/reliability.md': {
    'npm run chaos -- --skipping --seed 4 --cases 8': 'survival/skipping',
    'npm run chaos -- --seed 1 --for 2m': 'survival/chaos',
    'npm run chaos -- --seed 1 --cases 20': 'survival/chaos',
  },
  'docs/operator.md': {
    'BREAKGLASS_SETTINGS=/etc/breakglass/worker.json   node --enable-source-maps dist/worker.mjs':
      'dev/stack/processes.ts',
    'BREAKGLASS_SETTINGS=/etc/breakglass/sentinel.json node --enable-source-maps dist/sentinel.mjs':
      'dev/stack/processes.ts',
    'BREAKGLASS_SETTINGS=/etc/breakglass/api.json      node --enable-source-maps dist/api.mjs':
      'dev/stack/processes.ts',
  },
  'docs/operating.md': {
    'BREAKGLASS_SETTINGS=/etc/breakglass/worker/settings.json node dist/database.mjs set-up --as postgres --password-file superuser.password --api-password-file api.password':
      'test/adapters/postgres/tool.test.ts',
    'pg_dump --format=custom --file=breakglass.dump breakglass': 'test/adapters/postgres/restore.test.ts',
    'dropdb breakglass': 'test/adapters/postgres/restore.test.ts',
    'createdb --owner=breakglass_owner --template=template0 --encoding=UTF8 breakglass':
      'test/adapters/postgres/restore.test.ts',
    'pg_restore --exit-on-error --dbname=breakglass breakglass.dump':
      'test/adapters/postgres/restore.test.ts',
  },
};

const newUser = 'it would make a user of this machine’s';
const systemd = 'systemd is not what started this machine: the units are only verified';

/** By document and command: what is not to be had here. */
export const notHere: Rows = {
  'CONTRIBUTING.md': {
    'npm run format': 'it would rewrite the clone that is being proved; npm run check holds the same',
    'npm run record': 'it would draw the README’s recording anew in the clone that is being proved',
    'node --import tsx test/histories/record.ts SHAPE': 'it would add to the stored histories',
  },
  'docs/auditor.md': {
    'aws s3 cp --recursive s3://acme-breakglass-witness/checkpoints/2026-11-21/ ./witness/':
      'an AWS account with a bucket; what it would fetch is put there from the witness’s file',
  },
  'docs/operating.md': {
    'useradd --system --no-create-home --shell /usr/sbin/nologin breakglass-worker': newUser,
    'useradd --system --no-create-home --shell /usr/sbin/nologin breakglass-sentinel': newUser,
    'useradd --system --no-create-home --shell /usr/sbin/nologin breakglass-api': newUser,
    'cp deploy/systemd/breakglass-*.service /etc/systemd/system/': systemd,
    'systemctl daemon-reload': systemd,
    'systemctl enable --now breakglass-sentinel breakglass-worker breakglass-api': systemd,
    'docker compose --file deploy/compose.yaml up --detach --build':
      'a Docker that may start containers: the file is only checked against its schema',
  },
};

/** Where a row leads; undefined for a command that has none. */
export const rowOf = (rows: Rows, document: string, text: string): string | undefined =>
  rows[document]?.[text];

/** Every row of a table, as document and command. */
export const rowsOf = (rows: Rows): { readonly document: string; readonly text: string }[] =>
  Object.entries(rows).flatMap(([document, commands]) =>
    Object.keys(commands).map((text) => ({ document, text })),
  );
