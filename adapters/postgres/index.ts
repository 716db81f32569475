/**
 * Our Postgres: the ledger, sealed credentials, messages on their way, logins seen; its tables and roles.
 * Nothing else in the project talks to it.
 */
export { keepTime, type Timekeeper } from './clock.ts';
export { DatabaseUnavailable, LedgerConflict, TransactionMisused } from './errors.ts';
export { createSightingStore } from './events.ts';
export type { RecordedSighting, SightingRecorded, SightingStore } from './events.ts';
export { askDatabaseTime, askWaiting, type Waiting } from './health.ts';
export { createLedger, LEDGER_CHANNEL, OUTBOX_CHANNEL } from './ledger.ts';
export { createOutbox } from './outbox.ts';
export type { Backoff, Delivery, Outbox, PendingDelivery } from './outbox.ts';
export { createPool, secureOptions, type PoolOptions, type PoolSettings } from './pool.ts';
export { createLedgerReader } from './reader.ts';
export type { AcceptedEnvelope, CaseFilter, CasePage, LedgerReader } from './reader.ts';
export { migrateDatabase, requireSchema, SchemaMismatch } from './schema.ts';
export { createSealStore, SealConflict, type SealStore } from './seals.ts';
export { API, setUpDatabase, WRITER, type DatabasePasswords, type Superuser } from './setUp.ts';
export { verifyLedger, verifyWitnessedLedger } from './verify.ts';
