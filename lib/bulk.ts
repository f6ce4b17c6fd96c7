// `dodici/bulk`: many objects, or large ones.
export { cancelOnSignals, SignalError } from './bulk/cancel-on-signals.ts'
export { download } from './bulk/download.ts'
export { downloadChunks } from './bulk/download-stream.ts'
export { DownloadError } from './bulk/download-error.ts'
export type { DownloadErrorCode } from './bulk/download-error.ts'
export type {
  BufferDownload,
  DownloadBase,
  DownloadOptions,
  DownloadProgress,
  FileDownload,
  StreamDownload,
} from './bulk/download-options.ts'
export type { HeadersLike } from './bulk/header-pairs.ts'
export { DataLoader, load } from './bulk/data-loader.ts'
export type {
  Dataset,
  LoadedItem,
  LoadOptions,
  LoadRequest,
  LoadSource,
} from './bulk/load-options.ts'
