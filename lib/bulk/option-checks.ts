import type { Dispatcher } from 'undici'
import { errors } from '../compat/undici.ts'

const { InvalidArgumentError } = errors

/** The longest time that Node's timers take, in milliseconds. */
export const mostTime = 0x7fffffff

/** Options that downloads and loaders have. */
interface SharedOptions {
  dispatcher?: Dispatcher
  signal?: AbortSignal
}

/** Throws undici's InvalidArgumentError if these are no options, or if one that downloads and loaders have is invalid. */
export function checkShared(options: SharedOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options must be an object')
  }
  const { dispatcher, signal } = options
  if (dispatcher !== undefined && typeof dispatcher?.dispatch !== 'function') {
    throw new InvalidArgumentError('dispatcher must be a Dispatcher')
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError('signal must be an AbortSignal')
  }
}

/** The value of an option, or its default. Throws undici's InvalidArgumentError if it is not such an integer. */
export function integer<Options>(
  options: Options,
  name: keyof Options & string,
  byDefault: number,
  least: number,
  most: number,
): number {
  const value: unknown = options[name] ?? byDefault
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new InvalidArgumentError(`${name} must be an integer from ${least} to ${most}`)
  }
  return value as number
}
