import type { NativeDownloadResult } from '../native/download-contract.ts'
import type { DownloadBase } from './download-options.ts'

/** What all results have. `startedAt` is of `performance.now()`. */
export function downloadBase(result: NativeDownloadResult, startedAt: number): DownloadBase {
  return {
    size: result.size,
    etag: result.etag || undefined,
    ranges: result.ranges,
    retries: result.retries,
    checksum: result.checksum || undefined,
    seconds: (performance.now() - startedAt) / 1000,
  }
}
