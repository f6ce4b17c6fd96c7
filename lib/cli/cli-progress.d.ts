/** What the command uses of cli-progress, which has no types of its own. */
declare module 'cli-progress' {
  export interface BarOptions {
    readonly format: (options: unknown, state: { readonly progress: number }) => string
    readonly stream: NodeJS.WritableStream
    readonly clearOnComplete: boolean
    readonly hideCursor: boolean
    readonly gracefulExit: boolean
  }

  export class SingleBar {
    constructor(options: BarOptions)
    start(total: number, value: number): void
    setTotal(total: number): void
    update(value: number): void
    stop(): void
  }
}
