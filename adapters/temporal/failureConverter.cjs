'use strict';
// CommonJS because the SDK loads a failure converter by `require` from its path,
// in clients, in the worker and in the workflow sandbox alike. Failure messages
// are plaintext in Temporal unless their common attributes are encoded.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
