import Synchronization

/// What a step finds while it runs: the session's memory, and this thread's scratch.
struct Execution {
    /// Where the values of the plan lie; starts at a multiple of 64.
    let arena: UnsafeMutableRawPointer
    /// This thread's own memory, of the size that the largest step asked for; starts at a multiple of 64.
    let scratch: UnsafeMutableRawPointer
    /// Set to a step's `RunFault` when an element of the input makes it impossible to go on; steps never throw.
    let fault: FaultWord
    /// Elementary operations that loops may still do; only the thread that runs them, of which there is one, counts.
    let operations: UnsafeMutablePointer<Int>
    /// Where a run that goes on from kept frames finds them; nil in any other.
    var frames: UnsafePointer<KeptFrames>?

    func report(_ fault: RunFault) { self.fault.report(fault) }

    /// The same with a nested plan's arena and scratch.
    func nested(arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) -> Execution {
        Execution(arena: arena, scratch: scratch, fault: fault, operations: operations)
    }
}

/// Where the threads of a run say what made it impossible.
struct FaultWord {
    private let word: UnsafeMutablePointer<Atomic<Int32>>

    init() {
        word = .allocate(capacity: 1)
        word.initialize(to: Atomic(0))
    }

    func deallocate() {
        word.deinitialize(count: 1)
        word.deallocate()
    }

    /// The first fault that was reported since the last `reset`.
    var fault: RunFault? { RunFault(rawValue: word.pointee.load(ordering: .relaxed)) }

    /// Only the first fault is kept, whichever thread it comes from.
    func report(_ fault: RunFault) {
        _ = word.pointee.compareExchange(expected: 0, desired: fault.rawValue, ordering: .relaxed)
    }

    func reset() { word.pointee.store(0, ordering: .relaxed) }
}

/// What can go wrong for some inputs only.
enum RunFault: Int32 {
    case indexOutside = 1
    case tooManyOperations = 2
}

/// Where an operand of a step lies: in the arena, or in a constant that the plan keeps alive.
///
/// `@unchecked Sendable`: a constant's memory is never written after the plan is made.
struct Operand: @unchecked Sendable {
    private let constant: UnsafeRawPointer?
    private let offset: Int

    init(arenaOffset: Int) {
        constant = nil
        offset = arenaOffset
    }

    init(constant: UnsafeRawPointer) {
        self.constant = constant
        offset = 0
    }

    @inline(__always)
    func bytes(_ execution: Execution) -> UnsafeRawPointer {
        if let constant { return constant }
        return UnsafeRawPointer(execution.arena + offset)
    }

    @inline(__always)
    func floats(_ execution: Execution) -> UnsafePointer<Float> {
        bytes(execution).assumingMemoryBound(to: Float.self)
    }

    @inline(__always)
    func elements<Element>(_ execution: Execution, as type: Element.Type) -> UnsafePointer<Element> {
        bytes(execution).assumingMemoryBound(to: Element.self)
    }
}

/// Where a result of a step lies.
struct Destination: Sendable {
    private let offset: Int

    init(arenaOffset: Int) { offset = arenaOffset }

    @inline(__always)
    func bytes(_ execution: Execution) -> UnsafeMutableRawPointer { execution.arena + offset }

    @inline(__always)
    func floats(_ execution: Execution) -> UnsafeMutablePointer<Float> {
        bytes(execution).assumingMemoryBound(to: Float.self)
    }

    @inline(__always)
    func elements<Element>(_ execution: Execution, as type: Element.Type) -> UnsafeMutablePointer<Element> {
        bytes(execution).assumingMemoryBound(to: Element.self)
    }
}
