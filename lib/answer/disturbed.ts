import { Readable } from 'node:stream'

/** Whether a stream, of Node or of the web, has been read from, or cancelled. Node's types only accept its own streams. */
export const isDisturbed = Readable.isDisturbed as unknown as (stream: object) => boolean
