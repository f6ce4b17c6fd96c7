import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

/** An error like Node's own: "connect ECONNREFUSED 127.0.0.1:1", with a negative errno. */
export function systemError(
  syscall: string,
  errno: number,
  where = '',
  more: object = {},
): Error & { code: string } {
  const code = errno > 0 ? getSystemErrorName(-errno) : 'ECONNRESET'
  const message = where === '' ? `${syscall} ${code}` : `${syscall} ${code} ${where}`
  return Object.assign(new Error(message), {
    errno: -(errno || constants.errno.ECONNRESET),
    code,
    syscall,
    ...more,
  })
}
