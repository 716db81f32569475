export { account } from './account.ts';
export { breakGlassCase } from './breakGlassCase.ts';
export { rotation } from './rotation.ts';
