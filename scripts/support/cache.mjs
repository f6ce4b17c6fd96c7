// Where what is built or fetched once for a machine, and shared by all checkouts, is kept.
import { homedir } from 'node:os'
import { join } from 'node:path'

export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dodici')
