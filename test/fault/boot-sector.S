/* The smallest guest: a boot sector that draws a number when it boots, and prints it on COM1 again and
 * again. A guest that kept its memory prints the same number; one that booted afresh another. */
        .code16
        .globl _start
_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        sti
        rdtsc
        movl    %eax, %edi              /* the number */

again:  movw    $8, %cx                 /* as eight hexadecimal digits */
digit:  roll    $4, %edi
        movl    %edi, %ebx
        andb    $15, %bl
        addb    $'0', %bl
        cmpb    $'9', %bl
        jbe     1f
        addb    $('a' - '9' - 1), %bl
1:      call    put
        loop    digit
        movb    $'\n', %bl
        call    put
        hlt                             /* until the timer ticks, 18 times a second */
        jmp     again

put:    movw    $0x3fd, %dx             /* line status: room for a byte? */
1:      inb     %dx, %al
        testb   $0x20, %al
        jz      1b
        movw    $0x3f8, %dx
        movb    %bl, %al
        outb    %al, %dx
        ret

        .org    510
        .word   0xaa55
        .org    1048576                 /* a disk that is smaller is not read from */
