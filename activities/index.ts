import { createClockActivities } from './clock.ts';
import { createDecisionActivities } from './decisions.ts';
import { createLossActivities } from './losses.ts';
import { createRecorder } from './recorder.ts';
import { createRotationActivities, type RotationDeps } from './rotation/activity.ts';
import { createSessionActivities, type SessionDeps } from './sessions.ts';

/** All activities, over what the worker's composition root gives them. */
export const createActivities = (given: Omit<RotationDeps & SessionDeps, 'record'>) => {
  const deps = { ...given, record: createRecorder(given) };
  return {
    ...createDecisionActivities(deps),
    ...createClockActivities(deps),
    ...createLossActivities(deps),
    ...createSessionActivities(deps),
    ...createRotationActivities(deps),
  };
};
export type Activities = ReturnType<typeof createActivities>;
