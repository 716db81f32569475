import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { clientOptions, type AwsPlace } from './aws.ts';
import { reasonOf, WITNESS_LIMIT_MS, WitnessError } from './error.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Puts each checkpoint into an object of its own under Object Lock in compliance mode: until `keepDays` have
 * passed nobody deletes or replaces it, not even the bucket's owner. The bucket must have Object Lock enabled.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export const createS3Witness = (
  where: { readonly bucket: string; readonly prefix: string; readonly keepDays: number } & AwsPlace,
) => {
  const { bucket, prefix, keepDays, ...place } = where;
  // An emulator has no name for each bucket.
  const client = new S3Client({ ...clientOptions(place), forcePathStyle: place.endpoint !== undefined });
  return {
    /** @throws WitnessError */
    async send(line: string, { at, size }: { readonly at: string; readonly size: number }): Promise<void> {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: `${prefix}${at.slice(0, 10)}/${at.replaceAll(':', '-')}-${size}.json`,
        Body: `${line}\n`,
        ContentType: 'application/json',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.parse(at) + keepDays * DAY_MS),
      });
      try {
        await client.send(command, { abortSignal: AbortSignal.timeout(WITNESS_LIMIT_MS) });
      } catch (error) {
        throw new WitnessError(`s3 ${reasonOf(error)}`);
      }
    },
    close: (): void => client.destroy(),
  };
};
