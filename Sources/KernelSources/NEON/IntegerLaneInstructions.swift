#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics

    extension IntegerLanes {
        /// x · multiplier / 2³¹, half up: one instruction for four lanes.
        @inline(__always)
        static func highProduct(_ x: SIMD8<Int32>, _ multiplier: SIMD8<Int32>) -> SIMD8<Int32> {
            SIMD8(
                lowHalf: vqrdmulhq_s32(x.lowHalf, multiplier.lowHalf),
                highHalf: vqrdmulhq_s32(x.highHalf, multiplier.highHalf))
        }
    }
#endif
