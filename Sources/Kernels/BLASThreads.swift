/// The threads that BLAS starts by itself, with the portable kernels.
package enum BLASThreads {
    /// Makes every call of BLAS in this process compute on its caller's thread only; a plan divides its work itself.
    ///
    /// Only a program that owns its process may call this. Accelerate has no such switch.
    package static func useCallerOnly() {
        #if !canImport(Accelerate)
            BLASLibrary.useCallerOnly()
        #endif
    }
}
