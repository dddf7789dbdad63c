#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    // A single row, with the same order of additions as in the blocks.

    /// The sums of one row times one packed panel, in registers.
    private struct OneRow {
        private var b: UnsafePointer<Float>
        private var c0 = broadcast(0)
        private var c1 = broadcast(0)

        @inline(__always) init(_ panel: UnsafePointer<Float>) { b = panel }

        /// Adds the products of the next value of k.
        @inline(__always)
        mutating func add(_ e: Vector) {
            c0 = multiplyAdd(e, load(b), c0)
            c1 = multiplyAdd(e, load(b + laneCount), c1)
            b += panelWidth
        }

        @inline(__always)
        func put(_ output: UnsafeMutablePointer<Float>) {
            store(c0, output)
            store(c1, output + laneCount)
        }
    }

    /// 1 row × 4 panels, `panelStride` apart.
    @inline(never)
    func multiplyRow4(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ panelStride: Int, _ k: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var panel0 = OneRow(panel)
        var panel1 = OneRow(panel + 1 &* panelStride)
        var panel2 = OneRow(panel + 2 &* panelStride)
        var panel3 = OneRow(panel + 3 &* panelStride)
        var index = 0
        while index < k {
            let e = broadcast(at: a + index)
            panel0.add(e)
            panel1.add(e)
            panel2.add(e)
            panel3.add(e)
            index &+= 1
        }
        panel0.put(output)
        panel1.put(output + panelWidth)
        panel2.put(output + 2 &* panelWidth)
        panel3.put(output + 3 &* panelWidth)
    }

    /// 1 row × one panel.
    @inline(never)
    func multiplyRow1(
        _ a: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, _ k: Int,
        _ output: UnsafeMutablePointer<Float>
    ) {
        var row = OneRow(panel)
        var index = 0
        while index < k {
            row.add(broadcast(at: a + index))
            index &+= 1
        }
        row.put(output)
    }
#endif
