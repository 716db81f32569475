import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { clientOptions, type AwsPlace } from './aws.ts';
import { reasonOf, WITNESS_LIMIT_MS, WitnessError } from './error.ts';

/** Publishes to a topic whose subscribers (a queue or an archive in another AWS account) keep what comes. */
export const createSnsWitness = ({ topicArn, ...place }: { readonly topicArn: string } & AwsPlace) => {
  const client = new SNSClient(clientOptions(place));
  return {
    /** @throws WitnessError */
    async send(line: string): Promise<void> {
      try {
        await client.send(
          new PublishCommand({ TopicArn: topicArn, Subject: 'Breakglass checkpoint', Message: line }),
          { abortSignal: AbortSignal.timeout(WITNESS_LIMIT_MS) },
        );
      } catch (error) {
        throw new WitnessError(`sns ${reasonOf(error)}`);
      }
    },
    close: (): void => client.destroy(),
  };
};
