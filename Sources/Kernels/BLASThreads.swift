/// The threads that BLAS starts by itself, on the portable level.
package enum BLASThreads {
    /// Lets every call of BLAS compute on its caller alone, for the whole process: a plan divides its work itself.
    ///
    /// Only a program that owns its process may call this. Accelerate has no such switch.
    package static func useCallerOnly() {
        #if !canImport(Accelerate)
            BLASLibrary.useCallerOnly()
        #endif
    }
}
