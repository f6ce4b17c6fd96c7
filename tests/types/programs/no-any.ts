// `any` accepts everything, so nothing public may have that type.
import type * as dodici from 'dodici'

type IsAny<T> = 0 extends 1 & T ? true : false
/** The names of members of T that are `any`, or return it, or accept it. */
type AnyIn<T> = {
  [K in keyof T]: IsAny<T[K]> extends true
    ? K
    : T[K] extends (...args: infer Args) => infer Result
      ? IsAny<Result> extends true
        ? K
        : IsAny<Args[number]> extends true
          ? K
          : never
      : never
}[keyof T]
type Own = Pick<
  dodici.Agent,
  | 'dispatch'
  | 'close'
  | 'destroy'
  | 'closed'
  | 'destroyed'
  | 'stats'
  | 'webSocketOptions'
  | 'eventSourceOptions'
>

const none: [
  AnyIn<Own>,
  AnyIn<Required<dodici.AgentOptions>>,
  AnyIn<Required<dodici.ConnectOptions>>,
  AnyIn<Required<dodici.H2Options>>,
  AnyIn<dodici.OriginStats>,
  AnyIn<dodici.ClientStats>,
  AnyIn<Required<dodici.PoolOptions>>,
  AnyIn<Required<dodici.ClientOptions>>,
  AnyIn<
    Pick<typeof dodici, 'Agent' | 'Pool' | 'Client' | 'setGlobalDispatcher' | 'setLoopThreads'>
  >,
] extends never[]
  ? true
  : false = true
console.log(none)
