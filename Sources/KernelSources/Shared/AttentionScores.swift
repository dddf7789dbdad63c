#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Turns products Q·K of one query with keys `firstKey`… into scores: scale, masks.
    @inline(__always)
    func finishScores(
        _ scores: UnsafeMutablePointer<Float>, _ head: borrowing AttentionHead, _ query: Int, _ firstKey: Int,
        _ count: Int
    ) {
        let scale = broadcast(head.scale)
        mapVectors(scores, scores, count) { $0 * scale }
        if let keyMask = head.keyMask { maskScores(scores, keyMask + firstKey, count) }
        if let mask = head.mask { maskScores(scores, mask + (query &* head.maskStride &+ firstKey), count) }
        if head.isCausal {
            let visible = query &+ 1 &- firstKey
            var key = visible > 0 ? visible : 0
            while key < count {
                scores[key] = -1e30
                key &+= 1
            }
        }
    }

    @inline(__always)
    private func maskScores(_ scores: UnsafeMutablePointer<Float>, _ mask: UnsafePointer<UInt8>, _ count: Int) {
        var key = 0
        while key < count {
            scores[key] = mask[key] == 0 ? -1e30 : scores[key]
            key &+= 1
        }
    }
#endif
