#if !canImport(Accelerate)
    import EmotionFormerCBLAS
#endif

/// The threads that BLAS starts by itself, on the portable level.
package enum BLASThreads {
    /// Lets every call of BLAS compute on its caller alone, for the whole process: a plan divides its work itself.
    ///
    /// Only a program that owns its process may call this. Accelerate has no such switch.
    package static func useCallerOnly() {
        #if !canImport(Accelerate)
            openblas_set_num_threads(1)
        #endif
    }
}
