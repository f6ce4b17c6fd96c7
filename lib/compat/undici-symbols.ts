import { UndiciAgent, UndiciPool } from './undici.ts'

/**
 * The symbols of the private properties that undici's classes read from each other's objects, found by their
 * descriptions in the installed undici; undefined if it has none.
 */
export interface UndiciSymbols {
  /** of Agent: a Map of its dispatchers by origin, to which MockAgent adds its own */
  readonly clients: symbol | undefined
  /** of all dispatchers: the method that `dispatch()` calls after it has checked its arguments */
  readonly dispatch: symbol | undefined
  /** of Pool and Client: the URL of their origin */
  readonly url: symbol | undefined
  readonly connected: symbol | undefined
  readonly free: symbol | undefined
  readonly pending: symbol | undefined
  readonly running: symbol | undefined
  readonly size: symbol | undefined
  /** of Pool and Client: whether they prefer to get no further request */
  readonly busy: symbol | undefined
}

let found: UndiciSymbols | undefined

export function undiciSymbols(): UndiciSymbols {
  found ??= find()
  return found
}

/** Defines these private properties of undici on a prototype. */
export function showToUndici<T extends object>(
  prototype: T,
  values: Partial<Record<keyof UndiciSymbols, (shown: T) => unknown>>,
): void {
  const symbols = undiciSymbols()
  for (const [name, read] of Object.entries(values)) {
    const symbol = symbols[name as keyof UndiciSymbols]
    if (symbol !== undefined) {
      const get = function (this: T): unknown {
        return read(this)
      }
      Object.defineProperty(prototype, symbol, { get, configurable: true })
    }
  }
}

function find(): UndiciSymbols {
  const agent = make(() => new UndiciAgent())
  const pool = make(() => new UndiciPool('http://localhost'))
  return {
    clients: symbolOf(agent, 'clients'),
    dispatch: symbolOf(pool, 'dispatch'),
    url: symbolOf(pool, 'url'),
    connected: symbolOf(pool, 'connected'),
    free: symbolOf(pool, 'free'),
    pending: symbolOf(pool, 'pending'),
    running: symbolOf(pool, 'running'),
    size: symbolOf(pool, 'size'),
    busy: symbolOf(pool, 'busy'),
  }
}

// The replacement for undici in another runtime may lack the class.
function make(create: () => object): object | null {
  try {
    return create()
  } catch {
    return null
  }
}

function symbolOf(owner: object | null, description: string): symbol | undefined {
  for (let at = owner; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const symbol = Object.getOwnPropertySymbols(at).find((one) => one.description === description)
    if (symbol !== undefined) {
      return symbol
    }
  }
  return undefined
}
