#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics

    /// The exact sums of one row times one packed panel. Four values of k go into an instruction, which adds their
    /// products to 32 bits. Both of its operands are signed: a row's bytes are taken less 128, and the sums begin with
    /// what that leaves out.
    struct OneQuantizedRow: QuantizedRows {
        private var left: Integers
        private var right: Integers

        @inline(__always)
        init(_ sums: UnsafePointer<Int32>) {
            left = load(sums) &<< 7
            right = load(sums + laneCount) &<< 7
        }

        static var height: Int { @inline(__always) get { 1 } }
        static var roundLength: Int { @inline(__always) get { 4 } }
        static var step: Int { @inline(__always) get { 4 } }
        static var panelStep: Int { @inline(__always) get { weightStep } }

        /// 16 bytes each: four weights of each of four columns.
        @inline(__always)
        static func columns(_ panel: UnsafePointer<Int8>) -> FourRegisters {
            (sixteen(panel), sixteen(panel + 16), sixteen(panel + 32), sixteen(panel + 48))
        }

        @inline(__always)
        static func lanes(_ a: UnsafePointer<UInt8>, _ aStride: Int) -> SIMD16<Int8> {
            let bytes = UnsafeRawPointer(a).loadUnaligned(as: SIMD16<UInt8>.self) ^ SIMD16(repeating: 0x80)
            return unsafeBitCast(bytes, to: SIMD16<Int8>.self)
        }

        @inline(__always)
        static func lane(_ a: UnsafePointer<UInt8>, _ aStride: Int) -> SIMD16<Int8> {
            let four = UnsafeRawPointer(a).loadUnaligned(as: UInt32.self) ^ 0x8080_8080
            return unsafeBitCast(SIMD4(repeating: four), to: SIMD16<Int8>.self)
        }

        @inline(__always)
        mutating func add(_ lane: Int, of lanes: SIMD16<Int8>, _ columns: FourRegisters) {
            left = SIMD8(
                lowHalf: sum(left.lowHalf, columns.0, lane, lanes), highHalf: sum(left.highHalf, columns.1, lane, lanes)
            )
            right = SIMD8(
                lowHalf: sum(right.lowHalf, columns.2, lane, lanes),
                highHalf: sum(right.highHalf, columns.3, lane, lanes))
        }

        @inline(__always)
        func after(_ address: UnsafePointer<Int8>) -> UnsafePointer<Int8> {
            loaded(after: unsafeBitCast(left, to: Vector.self), unsafeBitCast(right, to: Vector.self), address)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Int32>) {
            store(left, output)
            store(right, output + laneCount)
        }

        @inline(__always) func put(_ target: inout QuantizedTarget) { target.put(left, right) }
    }

    typealias FourRegisters = (SIMD16<Int8>, SIMD16<Int8>, SIMD16<Int8>, SIMD16<Int8>)

    @inline(__always) private func sixteen(_ address: UnsafePointer<Int8>) -> SIMD16<Int8> {
        UnsafeRawPointer(address).loadUnaligned(as: SIMD16<Int8>.self)
    }

    /// c + Σ w·(the lane of a) over each column's four products.
    @inline(__always)
    private func sum(_ c: SIMD4<Int32>, _ w: SIMD16<Int8>, _ lane: Int, _ a: SIMD16<Int8>) -> SIMD4<Int32> {
        switch lane {
        case 0: emotionformer_dot_0(c, w, a)
        case 1: emotionformer_dot_1(c, w, a)
        case 2: emotionformer_dot_2(c, w, a)
        default: emotionformer_dot_3(c, w, a)
        }
    }
#endif
