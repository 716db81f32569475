-- Logins as the sentinel found them. What becomes known later (the confirmed session, the second factor) is a
-- row of details.

CREATE TABLE break_glass_events (
  id text CONSTRAINT break_glass_events_id PRIMARY KEY,
  account text NOT NULL,
  identity_id text NOT NULL,
  session_id text,
  ip text NOT NULL,
  user_agent text NOT NULL,
  method text NOT NULL,
  aal text NOT NULL CHECK (aal IN ('aal1', 'aal2', 'unknown')),
  source text NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX break_glass_events_account ON break_glass_events (account, seen_at);
CALL make_append_only('break_glass_events');

CREATE TABLE break_glass_event_details (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT break_glass_event_details_id PRIMARY KEY,
  event_id text NOT NULL CONSTRAINT break_glass_event_details_event REFERENCES break_glass_events (id),
  session_id text,
  ip text NOT NULL,
  user_agent text NOT NULL,
  method text NOT NULL,
  aal text NOT NULL CHECK (aal IN ('aal1', 'aal2', 'unknown')),
  source text NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX break_glass_event_details_of ON break_glass_event_details (event_id);
CALL make_append_only('break_glass_event_details');

GRANT SELECT, INSERT ON break_glass_events, break_glass_event_details TO breakglass_writer;
GRANT SELECT ON break_glass_events, break_glass_event_details TO breakglass_api;
