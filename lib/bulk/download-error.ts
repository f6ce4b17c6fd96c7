import { getSystemErrorMap } from 'node:util'
import { errors } from '../compat/undici.ts'
import { nativeError } from '../errors/native-error.ts'
import type { Destination } from '../errors/destination.ts'
import { DownloadEnd, type NativeDownloadResult } from '../native/download-contract.ts'

/** What a `DownloadError` is about. */
export type DownloadErrorCode =
  | 'ERR_OBJECT_CHANGED'
  | 'ERR_WRONG_RANGE'
  | 'ERR_CONTENT_ENCODING'
  | 'ERR_WRONG_CHECKSUM'

/** An object that could not be downloaded, because of what the server sent. */
export class DownloadError extends errors.UndiciError {
  override name = 'DownloadError'
  override code: DownloadErrorCode

  constructor(code: DownloadErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Why a download has failed. */
export function downloadError(
  result: NativeDownloadResult,
  to: Destination,
  path: string | undefined,
  expectedChecksum: string,
): Error {
  switch (result.end) {
    case DownloadEnd.networkFailed:
      return nativeError(result.code, result.detail, result.message, result.socket, to)
    case DownloadEnd.refused:
      return refused(result.status)
    case DownloadEnd.changed:
      return new DownloadError('ERR_OBJECT_CHANGED', 'the object changed during the download')
    case DownloadEnd.encoded:
      return new DownloadError(
        'ERR_CONTENT_ENCODING',
        `the server sent the content coding ${result.text}, although none was asked for`,
      )
    case DownloadEnd.wrongChecksum:
      return new DownloadError(
        'ERR_WRONG_CHECKSUM',
        `the object's checksum is ${result.checksum}, not ${expectedChecksum}`,
      )
    case DownloadEnd.systemFailed:
      return fileError(result.systemError, result.syscall, path)
    default:
      return new DownloadError('ERR_WRONG_RANGE', `the server sent ${result.text}`)
  }
}

/** undici's error for a status. */
export function refused(status: number): Error {
  return new errors.ResponseError(`Response status code ${status}`, status, {
    headers: {},
    body: null,
  })
}

/** An error as node:fs makes it: "ENOSPC: no space left on device, write '/data/file'". */
function fileError(errno: number, syscall: string, path: string | undefined): Error {
  const [code, words] = getSystemErrorMap().get(-errno) ?? ['UNKNOWN', 'unknown error']
  const where = path === undefined ? '' : ` '${path}'`
  return Object.assign(new Error(`${code}: ${words}, ${syscall}${where}`), {
    errno: -errno,
    code,
    syscall,
    ...(path !== undefined && { path }),
  })
}
