-- The append-only audit log. Everything is made by breakglass_owner, whom no process logs in as.

REVOKE ALL ON SCHEMA breakglass FROM PUBLIC;
GRANT USAGE ON SCHEMA breakglass TO breakglass_writer, breakglass_api;
GRANT SELECT ON schema_migrations TO breakglass_writer, breakglass_api;

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;

-- Row triggers do not see TRUNCATE, and triggers that are not ALWAYS are skipped by
-- session_replication_role = replica.
CREATE PROCEDURE make_append_only(target regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, breakglass, pg_temp
AS $$
BEGIN
  EXECUTE format(
    'CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION breakglass.refuse_change()', target);
  EXECUTE format(
    'CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION breakglass.refuse_change()', target);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_change', target);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_truncate', target);
END
$$;
REVOKE ALL ON PROCEDURE make_append_only(regclass) FROM PUBLIC;

CREATE TABLE agent_audit_log (
  seq bigint CONSTRAINT agent_audit_log_seq PRIMARY KEY,
  "timestamp" timestamptz(3) NOT NULL,
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  action text NOT NULL,
  resource_type text NOT NULL,
  resource_id text NOT NULL,
  ip_address text,
  user_agent text,
  result text NOT NULL CHECK (result IN ('success', 'refused', 'failure')),
  case_id text,
  nonce text CHECK (nonce ~ '^[0-9a-f]{32}$'),
  key text NOT NULL CONSTRAINT agent_audit_log_key UNIQUE,
  previous text NOT NULL,
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  metadata jsonb NOT NULL CHECK (jsonb_typeof(metadata) = 'object')
);

-- A nonce is used up by the statement that was accepted with it, and by no other.
CREATE UNIQUE INDEX agent_audit_log_nonce ON agent_audit_log (nonce) WHERE result = 'success' AND nonce IS NOT NULL;
CREATE INDEX agent_audit_log_case ON agent_audit_log (case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX agent_audit_log_resource ON agent_audit_log (resource_type, resource_id, seq);
CREATE INDEX agent_audit_log_requests ON agent_audit_log (seq)
  WHERE action = 'break_glass_requested' AND result = 'success';
-- A stream is folded from the events in the rows, whichever case or account the row itself names.
CREATE INDEX agent_audit_log_events ON agent_audit_log USING gin ((metadata -> 'events') jsonb_path_ops);

CALL make_append_only('agent_audit_log');

-- The hash is checked by whoever verifies; number and link are refused here already, so that not even a
-- compromised writer can leave a gap or a fork.
CREATE FUNCTION require_next_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, breakglass, pg_temp
AS $$
DECLARE
  head record;
BEGIN
  SELECT seq, hash INTO head FROM breakglass.agent_audit_log ORDER BY seq DESC LIMIT 1;
  IF NEW.seq IS DISTINCT FROM coalesce(head.seq, 0) + 1
     OR NEW.previous IS DISTINCT FROM coalesce(head.hash, repeat('0', 64)) THEN
    RAISE EXCEPTION 'agent_audit_log: row % does not follow row %', NEW.seq, coalesce(head.seq, 0)
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'agent_audit_log_chain';
  END IF;
  RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION require_next_row() FROM PUBLIC;
CREATE TRIGGER next_row BEFORE INSERT ON agent_audit_log FOR EACH ROW EXECUTE FUNCTION require_next_row();
ALTER TABLE agent_audit_log ENABLE ALWAYS TRIGGER next_row;

GRANT SELECT, INSERT ON agent_audit_log TO breakglass_writer, breakglass_api;

-- The api adds refusals and nothing that changes a stream: rows with events are decisions. Its keys are set
-- apart, so that it cannot take the idempotency key of a step that is still to come.
ALTER TABLE agent_audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading ON agent_audit_log FOR SELECT USING (true);
CREATE POLICY writing ON agent_audit_log FOR INSERT TO breakglass_writer WITH CHECK (true);
CREATE POLICY refusing ON agent_audit_log FOR INSERT TO breakglass_api WITH CHECK (
  action IN ('break_glass_refused', 'break_glass_machine_refused')
  AND NOT metadata ? 'events'
  AND key LIKE 'api/%'
);
