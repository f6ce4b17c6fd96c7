import { Readable } from 'node:stream'

/** Whether a web stream has been read from, or cancelled. Node's types know streams of its own only. */
export const isDisturbed = Readable.isDisturbed as unknown as (stream: object) => boolean
