import type { ConfigDraft } from '../../contracts/configDraft.ts';
import { nearest } from '../nearest.ts';
import { hasHoles, readable, unknownIn, warning, type ConfigFinding } from './finding.ts';

/** Every channel is somebody's: what is sent to one that nobody reads is told to nobody. */
export const checkChannels = ({ channels, people, security }: ConfigDraft): ConfigFinding[] => {
  const unknown = unknownIn(channels, 'channel', ['security', 'channels'], security?.channels);
  if (channels === undefined || people === undefined) return unknown;
  const lists = [security?.channels, ...Object.values(people).map((person) => person?.channels)];
  // An entry that cannot be read may be the one that names it.
  if (lists.some(hasHoles)) return unknown;
  const known = Object.keys(channels);
  const read = new Set(lists.flatMap(readable).map((each) => nearest(each, known)));
  const unread = known
    .filter((name) => !read.has(name))
    .map((name) =>
      warning(
        ['channels', name],
        `nobody reads ${name}: it is no person's channel and none of security's`,
        'name it under a person’s channels or security.channels, or leave it out',
      ),
    );
  return [...unknown, ...unread];
};
