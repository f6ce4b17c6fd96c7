import type { NativeClient, NativeTlsOptions } from '../native/contract.ts'
import type { ConnectOptions } from '../options/connect-options.ts'
import type { Proxy } from '../options/proxy.ts'
import { refuseOtherIdentityCheck, tlsDefaults, type TlsDefaults } from '../options/tls-defaults.ts'
import { nativeTlsOptions, noTls } from '../options/tls-options.ts'

/** Keeps the TLS options of one native client in step with Node's defaults, which may change at any time. */
export class TlsFollower {
  /** null if no origin speaks TLS */
  readonly #origins: ConnectOptions | null
  readonly #proxy: Proxy | null
  #seen: TlsDefaults | undefined
  #verifies = true
  client: NativeClient | undefined

  constructor(origins: ConnectOptions | null, proxy: Proxy | null) {
    this.#origins = origins
    this.#proxy = proxy
  }

  /** Returns the options for origins and those for the proxy. Throws what Node's tls.connect() would throw. */
  current(): [NativeTlsOptions, NativeTlsOptions] {
    const ofOrigins = this.#origins === null ? noTls : nativeTlsOptions(this.#origins)
    const ofProxy = this.#proxy === null ? noTls : this.#proxy.nativeTls()
    this.#verifies =
      (ofOrigins !== noTls && ofOrigins.rejectUnauthorized) ||
      (ofProxy !== noTls && ofProxy.rejectUnauthorized)
    this.#seen = tlsDefaults()
    return [ofOrigins, ofProxy]
  }

  /** The same for a client that is about to be made. Invalid defaults are reported by its first connection. */
  initial(): [NativeTlsOptions, NativeTlsOptions] {
    try {
      return this.current()
    } catch {
      return [noTls, noTls]
    }
  }

  follow(): void {
    if (this.#seen !== tlsDefaults()) {
      this.client?.setTls(...this.current())
    }
    if (this.#verifies) {
      refuseOtherIdentityCheck()
    }
  }
}
