import { dispatchScenarios } from './dispatch.ts'
import { downloadScenarios } from './download.ts'
import { functionScenarios } from './functions.ts'
import { pacedScenario } from './paced.ts'
import { scaleScenarios } from './scale.ts'
import type { Scenario } from './scenario.ts'
import { slowReaderScenario } from './slow-reader.ts'
import { uploadScenarios } from './upload.ts'
import { webSocketScenario } from './websocket.ts'

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...dispatchScenarios,
  pacedScenario,
  ...uploadScenarios,
  webSocketScenario,
  ...downloadScenarios,
  slowReaderScenario,
  ...functionScenarios,
  ...scaleScenarios,
]
