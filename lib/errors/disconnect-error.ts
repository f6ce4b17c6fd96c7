import { errors } from '../compat/undici.ts'
import { Errc } from '../native/contract.ts'
import type { Destination } from './destination.ts'
import { nativeError } from './native-error.ts'
import { socketError } from './socket-errors.ts'

const nowhere: Destination = { hostname: '', port: 0, servername: '' }

/** Why a connection ended, for the `disconnect` event. */
export function disconnectError(code: number, detail: number): Error {
  switch (code) {
    case Errc.notKept:
      return new errors.InformationalError('reset')
    case Errc.aborted:
      return new errors.InformationalError('aborted')
    case Errc.idleTimeout:
      return new errors.InformationalError('socket idle timeout')
    case Errc.unaskedBytes:
      return socketError('bad response', null)
    case Errc.switchedAway:
      return new errors.InformationalError('upgrade')
    case Errc.goaway: {
      const what = `HTTP/2: "GOAWAY" frame received with code ${detail}`
      return detail === 0 ? new errors.InformationalError(what) : socketError(what, null)
    }
    default:
      return nativeError(code, detail, '', '', nowhere)
  }
}
