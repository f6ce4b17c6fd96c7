import { dispatchScenarios } from './dispatch.ts'
import { downloadScenarios } from './download.ts'
import { functionScenarios } from './functions.ts'
import { pacedScenario } from './paced.ts'
import { scaleScenarios } from './scale.ts'
import type { Scenario } from './scenario.ts'
import { uploadScenarios } from './upload.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...dispatchScenarios,
  pacedScenario,
  ...uploadScenarios,
  ...downloadScenarios,
  ...functionScenarios,
  ...scaleScenarios,
]
