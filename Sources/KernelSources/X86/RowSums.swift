#if EMOTIONFORMER_X86_KERNELS && arch(x86_64)
    import EmotionFormerCPUIntrinsics

    // What the micro-kernels of both products are built of, and their loop over k.

    /// Sums of some rows of A times one packed panel, in registers. Every element is one accumulator over k in order, so a
    /// row has the same bits whatever block it falls into.
    protocol RowSums {
        associatedtype Element
        associatedtype Weight
        /// A vector of one row of the panel.
        associatedtype Columns

        static var height: Int { get }
        /// Elements of the panel from one value of k (or group of them, if products are quantized) to the next.
        static var panelStep: Int { get }
        static func columns(_ panel: UnsafePointer<Weight>) -> (Columns, Columns)
        /// Fetches what the loop over the panel reads some rounds after this.
        static func fetchAhead(_ panel: UnsafePointer<Weight>)

        init(_ a: UnsafePointer<Element>, _ aStride: Int)
        /// Adds the products of the value of k that is `offset` ahead; `x0` and `x1` are its row of the panel.
        mutating func add(_ offset: Int, _ aStride: Int, _ x0: Columns, _ x1: Columns)
        /// Hides the addresses from the optimizer.
        mutating func beginRound()
        mutating func advance(by count: Int)
    }

    /// Two blocks of one height, the second below the first.
    struct Twice<Half: RowSums>: RowSums {
        var upper: Half
        var lower: Half

        static var height: Int { @inline(__always) get { 2 &* Half.height } }
        static var panelStep: Int { @inline(__always) get { Half.panelStep } }

        @inline(__always)
        static func columns(_ panel: UnsafePointer<Half.Weight>) -> (Half.Columns, Half.Columns) { Half.columns(panel) }

        @inline(__always)
        static func fetchAhead(_ panel: UnsafePointer<Half.Weight>) { Half.fetchAhead(panel) }

        @inline(__always)
        init(_ a: UnsafePointer<Half.Element>, _ aStride: Int) {
            upper = Half(a, aStride)
            lower = Half(a + Half.height &* aStride, aStride)
        }

        @inline(__always)
        mutating func add(_ offset: Int, _ aStride: Int, _ x0: Half.Columns, _ x1: Half.Columns) {
            upper.add(offset, aStride, x0, x1)
            lower.add(offset, aStride, x0, x1)
        }

        @inline(__always)
        mutating func beginRound() {
            upper.beginRound()
            lower.beginRound()
        }

        @inline(__always)
        mutating func advance(by count: Int) {
            upper.advance(by: count)
            lower.advance(by: count)
        }
    }

    extension RowSums {
        /// The sums over `count` ≥ 0 values of k, in rounds of `roundLength`, which is 4 or 8; meanwhile fetches what
        /// begins at `next`.
        @inline(__always)
        init(
            _ a: UnsafePointer<Element>, _ aStride: Int, _ panel: UnsafePointer<Weight>, _ count: Int,
            fetching next: UnsafeRawPointer? = nil
        ) {
            self.init(a, aStride)
            var b = panel
            var next = next
            let length = UInt(bitPattern: roundLength)
            var rounds = UInt(bitPattern: count) / length
            while rounds > 0 {
                b = opaque(b)
                beginRound()
                if let address = next {
                    fetchFar(address)
                    next = address + roundLength &* laneCount &* 4
                }
                add(0, aStride, from: b)
                add(1, aStride, from: b)
                add(2, aStride, from: b)
                add(3, aStride, from: b)
                if roundLength > 4 {
                    add(4, aStride, from: b)
                    add(5, aStride, from: b)
                    add(6, aStride, from: b)
                    add(7, aStride, from: b)
                }
                b += roundLength &* Self.panelStep
                advance(by: roundLength)
                rounds &-= 1
            }
            var left = UInt(bitPattern: count) % length
            while left > 0 {
                add(0, aStride, from: b)
                b += Self.panelStep
                advance(by: 1)
                left &-= 1
            }
        }

        @inline(__always)
        private mutating func add(_ offset: Int, _ aStride: Int, from panel: UnsafePointer<Weight>) {
            let from = panel + offset &* Self.panelStep
            let (x0, x1) = Self.columns(from)
            Self.fetchAhead(from)
            add(offset, aStride, x0, x1)
        }
    }

    /// The same address, of which the optimizer knows nothing. Addresses that it can count from one another become
    /// indexed operands, which processors take apart from the multiplication they belong to.
    @inline(__always) func opaque<Element>(_ address: UnsafePointer<Element>) -> UnsafePointer<Element> {
        emotionformer_opaque(address).unsafelyUnwrapped.assumingMemoryBound(to: Element.self)
    }

    /// Blocks of rows whose products bring the next group of panels: each fetches a vector for every value of k.
    @inline(__always) var fetchingBlocks: Int { panelWidth / laneCount }

    /// Fetches a round's share of what is wanted later.
    @inline(__always)
    func fetchFar(_ address: UnsafeRawPointer) {
        var offset = 0
        while offset < roundLength &* laneCount &* 4 {
            emotionformer_prefetch_far(address + offset)
            offset &+= 64
        }
    }
#endif
