/** What runs with a dispatcher's options, but not as its requests: a download, or the items of a loader. */
export interface Tenant {
  /**
   * The dispatcher is destroyed. Resolves when nothing of the tenant runs any more, to a function that tells its program
   * the reason. The dispatcher calls that together with the callbacks of its requests.
   */
  stop(reason: unknown): Promise<() => void>
}

/** The tenants of one dispatcher. */
export class Tenants {
  readonly #all = new Set<Tenant>()
  readonly #onEmpty: () => void

  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty
  }

  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  enter(tenant: Tenant): void {
    this.#all.add(tenant)
  }

  leave(tenant: Tenant): void {
    if (this.#all.delete(tenant) && this.isEmpty) {
      this.#onEmpty()
    }
  }

  stop(reason: unknown): Promise<(() => void)[]> {
    return Promise.all([...this.#all].map((tenant) => tenant.stop(reason)))
  }
}
