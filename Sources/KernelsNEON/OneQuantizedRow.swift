#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics

    /// The exact sums of one row times one packed panel. One value of k goes into an instruction, in 16 bits, which adds
    /// four products to 32: no step of it can saturate.
    struct OneQuantizedRow: QuantizedRows {
        private var left = noIntegers
        private var right = noIntegers

        @inline(__always) init(_ sums: UnsafePointer<Int32>) {}

        static var height: Int { @inline(__always) get { 1 } }
        static var roundLength: Int { @inline(__always) get { 8 } }
        static var step: Int { @inline(__always) get { 1 } }
        static var panelStep: Int { @inline(__always) get { weightStep } }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<Int16>) -> (SIMD8<Int16>, SIMD8<Int16>) {
            let address = UnsafeRawPointer(panel)
            return (
                address.loadUnaligned(as: SIMD8<Int16>.self),
                (address + 16).loadUnaligned(as: SIMD8<Int16>.self)
            )
        }

        @inline(__always)
        static func lanes(_ a: UnsafePointer<UInt8>, _ aStride: Int) -> SIMD8<Int16> {
            unsafeBitCast(vmovl_u8(UnsafeRawPointer(a).loadUnaligned(as: SIMD8<UInt8>.self)), to: SIMD8<Int16>.self)
        }

        @inline(__always)
        static func lane(_ a: UnsafePointer<UInt8>, _ aStride: Int) -> SIMD8<Int16> {
            SIMD8(repeating: Int16(truncatingIfNeeded: a[0]))
        }

        @inline(__always)
        mutating func add(_ lane: Int, of lanes: SIMD8<Int16>, _ columns: (SIMD8<Int16>, SIMD8<Int16>)) {
            left = sum(left, columns.0, lane, lanes)
            right = sum(right, columns.1, lane, lanes)
        }

        @inline(__always)
        func after(_ address: UnsafePointer<Int16>) -> UnsafePointer<Int16> {
            loaded(after: unsafeBitCast(left, to: Vector.self), unsafeBitCast(right, to: Vector.self), address)
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Int32>) {
            store(left, output)
            store(right, output + laneCount)
        }

        @inline(__always) func put(_ target: inout QuantizedTarget) { target.put(left, right) }
    }

    /// c + w·(the lane of a)
    @inline(__always)
    private func sum(_ c: Integers, _ w: SIMD8<Int16>, _ lane: Int, _ a: SIMD8<Int16>) -> Integers {
        let (low, high) = (c.lowHalf, c.highHalf)
        switch lane {
        case 0:
            return SIMD8(lowHalf: emotionformer_add_low_0(low, w, a), highHalf: emotionformer_add_high_0(high, w, a))
        case 1:
            return SIMD8(lowHalf: emotionformer_add_low_1(low, w, a), highHalf: emotionformer_add_high_1(high, w, a))
        case 2:
            return SIMD8(lowHalf: emotionformer_add_low_2(low, w, a), highHalf: emotionformer_add_high_2(high, w, a))
        case 3:
            return SIMD8(lowHalf: emotionformer_add_low_3(low, w, a), highHalf: emotionformer_add_high_3(high, w, a))
        case 4:
            return SIMD8(lowHalf: emotionformer_add_low_4(low, w, a), highHalf: emotionformer_add_high_4(high, w, a))
        case 5:
            return SIMD8(lowHalf: emotionformer_add_low_5(low, w, a), highHalf: emotionformer_add_high_5(high, w, a))
        case 6:
            return SIMD8(lowHalf: emotionformer_add_low_6(low, w, a), highHalf: emotionformer_add_high_6(high, w, a))
        default:
            return SIMD8(lowHalf: emotionformer_add_low_7(low, w, a), highHalf: emotionformer_add_high_7(high, w, a))
        }
    }
#endif
