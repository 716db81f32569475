-- Messages to people, written with the row that causes them; what became of each attempt is added, never changed.

CREATE TABLE outbox (
  id text CONSTRAINT outbox_id PRIMARY KEY,
  message jsonb NOT NULL CHECK (jsonb_typeof(message -> 'channels') = 'array'),
  seq bigint NOT NULL CONSTRAINT outbox_cause REFERENCES agent_audit_log (seq),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX outbox_seq ON outbox (seq);
CALL make_append_only('outbox');

CREATE TABLE outbox_delivery (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_delivery_id PRIMARY KEY,
  outbox_id text NOT NULL CONSTRAINT outbox_delivery_message REFERENCES outbox (id),
  channel text NOT NULL,
  attempt integer NOT NULL CHECK (attempt >= 1),
  outcome text NOT NULL CHECK (outcome IN ('accepted', 'failed')),
  detail text NOT NULL,
  at timestamptz(3) NOT NULL
);
CREATE INDEX outbox_delivery_of ON outbox_delivery (outbox_id, channel);
CALL make_append_only('outbox_delivery');

GRANT SELECT, INSERT ON outbox, outbox_delivery TO breakglass_writer;
GRANT SELECT ON outbox, outbox_delivery TO breakglass_api;
