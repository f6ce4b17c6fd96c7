// What must not compile.
import { Agent, setGlobalDispatcher } from 'dodici'

// @ts-expect-error: a number
export const first = new Agent({ connections: '5' })
// @ts-expect-error: no such option
export const second = new Agent({ conections: 5 })
// @ts-expect-error: no dispatcher
setGlobalDispatcher({})
// @ts-expect-error: no handler
new Agent().dispatch({ path: '/', method: 'GET' })
// @ts-expect-error: read only
new Agent().stats = {}
