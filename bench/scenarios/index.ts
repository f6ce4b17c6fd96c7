import { dispatchScenarios } from './dispatch.ts'
import { downloadScenarios } from './download.ts'
import { functionScenarios } from './functions.ts'
import type { Scenario } from './scenario.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...dispatchScenarios,
  ...downloadScenarios,
  ...functionScenarios,
]
