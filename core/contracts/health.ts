/** What one of our processes says of itself at its health address, and when asked from inside. */
import { z } from 'zod';

/** What a process cannot do, in words that go on after "it cannot"; empty when it can do what it is for. */
export type Unable = readonly string[];

/** The body of a health answer: 200 when `cannot` is empty, else 503. What else is in it is for people. */
export const health = z.object({ cannot: z.array(z.string().min(1).max(80)).max(10) });
export type Health = z.infer<typeof health>;
