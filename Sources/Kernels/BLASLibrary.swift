#if !canImport(Accelerate)
    import Synchronization

    import EmotionFormerSystem

    /// OpenBLAS or another library with the C interface of BLAS, loaded when the portable kernels are first used.
    ///
    /// It is not linked: programs that use the vector kernels do not need it, and loading it costs 3 MB, threads and
    /// milliseconds at start. Without it, cross-compiling needs no BLAS either.
    struct BLASLibrary: Sendable {
        /// `cblas_sgemm`, enumerations as the integers that the interface fixes.
        typealias Product =
            @convention(c) (
                _ order: Int32, _ transposeA: Int32, _ transposeB: Int32, _ m: Int32, _ n: Int32, _ k: Int32,
                _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32,
                _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
            ) -> Void
        typealias SetThreads = @convention(c) (Int32) -> Void

        static let rowMajor: Int32 = 101
        static let asItStands: Int32 = 111
        static let transposed: Int32 = 112

        let product: Product
        private let setThreads: SetThreads?

        /// nil where no such library is installed.
        static let shared: BLASLibrary? = bind()

        private static let isBound = Atomic<Bool>(false)
        private static let usesCallerOnly = Atomic<Bool>(false)

        private static func bind() -> BLASLibrary? {
            // By the names in Linux distributions; the slow reference implementation comes last.
            for name in ["libopenblas.so.0", "libopenblas.so", "libcblas.so.3", "libblas.so.3"] {
                guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
                guard let product = dlsym(library, "cblas_sgemm") else {
                    dlclose(library)
                    continue
                }
                let setThreads = dlsym(library, "openblas_set_num_threads")
                let result = BLASLibrary(
                    product: unsafeBitCast(product, to: Product.self),
                    setThreads: setThreads.map { unsafeBitCast($0, to: SetThreads.self) })
                isBound.store(true, ordering: .sequentiallyConsistent)
                if usesCallerOnly.load(ordering: .sequentiallyConsistent) { result.setThreads?(1) }
                return result
            }
            return nil
        }

        /// Also takes effect if the library is loaded later.
        static func useCallerOnly() {
            usesCallerOnly.store(true, ordering: .sequentiallyConsistent)
            if isBound.load(ordering: .sequentiallyConsistent) { shared?.setThreads?(1) }
        }
    }
#endif
