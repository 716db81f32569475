import type { FrontendApi } from '@ory/client';
import { z } from 'zod';
import { KratosError } from './errors.ts';
import { factorRefusal, sessionRefusal, type Refused } from './outcomes.ts';
import { expectBody, expectStatus, type Ask, type Call } from './transport.ts';

/** A TOTP enrolment that waits for its first code. `seed` is a secret: base32, SHA-1, 6 digits, 30 s. */
export interface TotpEnrolment {
  readonly refused: false;
  readonly flowId: string;
  readonly seed: string;
}

const settingsFlowSchema = z.object({
  id: z.uuid(),
  ui: z.object({ nodes: z.array(z.object({ attributes: z.unknown() })) }),
});

const seedNodeSchema = z
  .object({
    id: z.literal('totp_secret_key'),
    text: z.object({ text: z.string().regex(/^[A-Z2-7]{16,}=*$/) }),
  })
  .transform((attributes) => attributes.text.text);

/** Enrolment of TOTP over the native settings flow. */
export function totpOperations(api: FrontendApi, ask: Ask) {
  /**
   * Begins enrolment; nothing changes until it is confirmed.
   * @throws KratosError `totp_already_enrolled` when the identity still has one.
   */
  async function beginTotp({ sessionToken }: { sessionToken: string }): Promise<TotpEnrolment | Refused> {
    const call: Call = {
      operation: 'beginTotp',
      secrets: [sessionToken],
      send: (options) => api.createNativeSettingsFlow({ xSessionToken: sessionToken }, options),
    };
    const answer = await ask(call);
    const refusal = sessionRefusal(answer);
    if (refusal !== undefined) return refusal;
    const flow = expectBody(call, answer, settingsFlowSchema);
    for (const node of flow.ui.nodes) {
      const seed = seedNodeSchema.safeParse(node.attributes);
      if (seed.success) return { refused: false, flowId: flow.id, seed: seed.data };
    }
    throw new KratosError({
      operation: 'beginTotp',
      id: 'totp_already_enrolled',
      reason: 'kratos offers no new seed; delete the totp credential first, or enable the method',
      status: answer.status,
      retryable: false,
    });
  }

  /** Confirms an enrolment with its first code. The session that did it counts as aal2 from then on. */
  async function confirmTotp(confirmation: {
    sessionToken: string;
    flowId: string;
    code: string;
  }): Promise<{ readonly refused: false } | Refused> {
    const { sessionToken, flowId, code } = confirmation;
    const call: Call = {
      operation: 'confirmTotp',
      secrets: [sessionToken, code],
      send: (options) =>
        api.updateSettingsFlow(
          {
            flow: flowId,
            xSessionToken: sessionToken,
            updateSettingsFlowBody: { method: 'totp', totp_code: code },
          },
          options,
        ),
    };
    const answer = await ask(call);
    const refusal = sessionRefusal(answer) ?? factorRefusal(answer);
    if (refusal !== undefined) return refusal;
    expectStatus(call, answer);
    return { refused: false };
  }

  return { beginTotp, confirmTotp };
}
