#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics

    // What the micro-kernels of both products are built of, and their loop over k. A multiplication takes one of its
    // operands from a lane: one load brings a row's numbers for a whole round of the loop.

    /// Sums of some rows of A times one packed panel, in registers. Every element is one accumulator over k in order, so a
    /// row has the same bits whatever block it falls into.
    protocol RowBlock {
        associatedtype Element
        associatedtype Weight
        /// A row of the panel.
        associatedtype Columns
        /// What the rows have for one round.
        associatedtype Lanes

        static var height: Int { get }
        /// Lanes of a row's register: values of k (or groups of them, if products are quantized) in a round, 4 or 8.
        static var roundLength: Int { get }
        /// Elements of a row from one lane's value to the next.
        static var step: Int { get }
        /// Elements of the panel from one lane's row to the next.
        static var panelStep: Int { get }
        static func columns(_ panel: UnsafePointer<Weight>) -> Columns
        static func lanes(_ a: UnsafePointer<Element>, _ aStride: Int) -> Lanes
        /// What the rows have for one value of k; the same, whatever the lane.
        static func lane(_ a: UnsafePointer<Element>, _ aStride: Int) -> Lanes

        /// Adds the products of one lane with a row of the panel.
        mutating func add(_ lane: Int, of lanes: Lanes, _ columns: Columns)
        /// The address, for what is to be loaded after all additions so far.
        func after(_ address: UnsafePointer<Weight>) -> UnsafePointer<Weight>
    }

    extension RowBlock {
        /// Adds the products of `count` values of k.
        @inline(__always)
        mutating func add(
            _ a: UnsafePointer<Element>, _ aStride: Int, _ panel: UnsafePointer<Weight>, _ count: Int
        ) {
            var a = a
            var b = panel
            var left = count
            while left >= Self.roundLength {
                let lanes = Self.lanes(a, aStride)
                add(0, of: lanes, &b)
                add(1, of: lanes, &b)
                add(2, of: lanes, &b)
                add(3, of: lanes, &b)
                if Self.roundLength > 4 {
                    add(4, of: lanes, &b)
                    add(5, of: lanes, &b)
                    add(6, of: lanes, &b)
                    add(7, of: lanes, &b)
                }
                b += Self.roundLength &* Self.panelStep
                a += Self.roundLength &* Self.step
                left &-= Self.roundLength
            }
            while left > 0 {
                add(0, of: Self.lane(a, aStride), Self.columns(b))
                b += Self.panelStep
                a += Self.step
                left &-= 1
            }
        }

        @inline(__always)
        private mutating func add(_ lane: Int, of lanes: Lanes, _ panel: inout UnsafePointer<Weight>) {
            add(lane, of: lanes, Self.columns(panel + lane &* Self.panelStep))
            panel = after(panel)
        }
    }

    /// Two blocks, the second below the first.
    struct Stacked<Upper: RowBlock, Lower: RowBlock>: RowBlock
    where Upper.Element == Lower.Element, Upper.Weight == Lower.Weight, Upper.Columns == Lower.Columns {
        var upper: Upper
        var lower: Lower

        static var height: Int { @inline(__always) get { Upper.height &+ Lower.height } }
        static var roundLength: Int { @inline(__always) get { Upper.roundLength } }
        static var step: Int { @inline(__always) get { Upper.step } }
        static var panelStep: Int { @inline(__always) get { Upper.panelStep } }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<Upper.Weight>) -> Upper.Columns { Upper.columns(panel) }

        @inline(__always)
        static func lanes(_ a: UnsafePointer<Upper.Element>, _ aStride: Int) -> (Upper.Lanes, Lower.Lanes) {
            (Upper.lanes(a, aStride), Lower.lanes(a + Upper.height &* aStride, aStride))
        }

        @inline(__always)
        static func lane(_ a: UnsafePointer<Upper.Element>, _ aStride: Int) -> (Upper.Lanes, Lower.Lanes) {
            (Upper.lane(a, aStride), Lower.lane(a + Upper.height &* aStride, aStride))
        }

        @inline(__always)
        mutating func add(_ lane: Int, of lanes: (Upper.Lanes, Lower.Lanes), _ columns: Upper.Columns) {
            upper.add(lane, of: lanes.0, columns)
            lower.add(lane, of: lanes.1, columns)
        }

        @inline(__always)
        func after(_ address: UnsafePointer<Upper.Weight>) -> UnsafePointer<Upper.Weight> {
            lower.after(upper.after(address))
        }
    }

    typealias Doubled<Block: RowBlock> = Stacked<Block, Block>

    /// The address, for what is to be loaded after the four registers of a row have their values.
    @inline(__always)
    func loaded<Weight>(
        after left: Vector, _ right: Vector, _ address: UnsafePointer<Weight>
    ) -> UnsafePointer<Weight> {
        emotionformer_after(address, left.lowHalf, left.highHalf, right.lowHalf, right.highHalf).unsafelyUnwrapped
            .assumingMemoryBound(to: Weight.self)
    }
#endif
