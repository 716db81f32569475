// The body of the login and recovery hook, read by adapters/kratos/hook.ts. It picks single fields: the whole
// context holds traits, the flow's fields and, in a recovery, a link that opens the account. It never fails on
// an absent field, since a template that fails is an alarm that does not ring.
function(ctx)
  local get(object, key) = if std.type(object) == 'object' && std.objectHas(object, key) then object[key];
  local list(value) = if std.type(value) == 'array' then value else [];
  local first(value) = if std.length(list(value)) > 0 then value[0];
  local last(value) = if std.length(list(value)) > 0 then value[std.length(value) - 1];
  local flow = get(ctx, 'flow');
  local session = get(ctx, 'session');
  local headers = get(ctx, 'request_headers');
  local methods = [
    { method: get(m, 'method'), aal: get(m, 'aal'), completedAt: get(m, 'completed_at') }
    for m in list(get(session, 'authentication_methods'))
  ];
  // A session lifted to aal2 carries the device of each login; the last one is this request's.
  local device = last(get(session, 'devices'));
  local address = get(device, 'ip_address');
  {
    event: if session == null then 'recovery' else 'login',
    identityId: get(get(ctx, 'identity'), 'id'),
    flow: {
      id: get(flow, 'id'),
      type: get(flow, 'type'),
      method: get(flow, 'active'),
      requestedAal: get(flow, 'requested_aal'),
      refresh: get(flow, 'refresh') == true,
    },
    session: if session == null then null else {
      id: get(session, 'id'),
      aal: get(session, 'authenticator_assurance_level'),
      authenticatedAt: get(session, 'authenticated_at'),
      firstMethodAt: get(first(methods), 'completedAt'),
      methods: methods,
    },
    ip: if address == null then first(get(headers, 'True-Client-Ip')) else address,
    userAgent: first(get(headers, 'User-Agent')),
    // A recovery's own time is not in its hook: this is when its flow began.
    at: if session == null then get(flow, 'issued_at') else get(session, 'authenticated_at'),
  }
