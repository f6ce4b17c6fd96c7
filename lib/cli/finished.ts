import type { DownloadBase, FileDownload } from '../bulk/download-options.ts'

/** What is told of an object that is whole. */
export type Finished = DownloadBase & Partial<Pick<FileDownload, 'resumed'>>
