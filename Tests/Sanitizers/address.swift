// Read after it was freed. `Tools/test-sanitizers` wants the address sanitizer to say so.
let memory = UnsafeMutablePointer<Int>.allocate(capacity: 4)
memory.initialize(repeating: 1, count: 4)
memory.deallocate()
print(memory[CommandLine.arguments.count])
