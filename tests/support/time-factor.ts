/** How many times longer tests may take than usual: what runs under a sanitizer is slow. Deadlines are multiplied by it. */
export const timeFactor = Number(process.env['DODICI_TIME_FACTOR'] ?? 1)
